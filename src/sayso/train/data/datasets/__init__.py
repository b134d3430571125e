"""Data sets of songs with stems: public ones and any folder, all read into one record.

`layouts` knows how each data set lies on disk, `record` what a song is afterwards, `spans` decodes
pieces of it, `check` refuses what cannot be used before training starts, `partition` deals songs
out, `cache` and `patches` draw batches from them.
"""
