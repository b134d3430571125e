"""How good is a result? One metric a file, each in the manner of mir_eval.

Every module offers `validate` (raises what is wrong with the input), the metric itself, and
`evaluate`, which returns a dict of named metrics. Conventions: waveforms are real arrays with time
on the last axis, the estimate comes first and the reference second, and nothing is rescaled,
aligned or resampled behind the caller's back. Higher is better unless a docstring says otherwise.
"""
