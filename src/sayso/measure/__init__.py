"""How good is a result? One metric a file, each in the manner of mir_eval.

Every module offers `validate` (raises what is wrong with the input) and the metric itself; those
that reports tell offer `evaluate`, too, from a `Compared` to results by name, and have a row in the
table `metrics.METRICS`. Conventions: waveforms are real arrays with time
on the last axis, the estimate comes first and the reference second, and nothing is rescaled,
aligned or resampled behind the caller's back. Higher is better unless a docstring says otherwise.
"""
