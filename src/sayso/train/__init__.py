"""Learning to separate: data, losses, one loop for every task, checkpoints and export.

`run.run` trains what a configuration describes, `export.export` turns a run into ONNX graphs.
Nothing is imported here: torch is needed only by the modules that use it.
"""
