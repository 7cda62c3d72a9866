"""The stored format (version 1, explained in docs/format.md), in the order in which data passes through it.

codecs         one image ↔ bytes, per pass
layout         where everything lies in a dataset's folder, and what the names may be
atomic         files appear whole or not at all
pages          where the payloads lie in a shard, from its Parquet page headers
writer         cells of one unit → one shard and its commit record
commits        the commit record: index rows, sizes and digests of one shard
records        the grid record: cameras, caption, instances, seeds
digest         what the digests of cells, times, units, grids and datasets are made of
index          grid records and commits → dataset.json, grids, cameras, cells and shards .parquet
storage        reading ranges from a folder; remote: from a URL (web: single requests; retries: which failures pass)
cache          images that were read from far away, kept in a bounded folder
fetch          many images: from the cache, or neighbours in one read, checksums checked
dataset, grid  the reader: `camxtime.open`
verify         the proof that a dataset is complete and right
contact_sheet, info   a dataset at a glance
"""
