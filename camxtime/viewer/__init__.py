"""The web page of a dataset, in the order in which a request passes through it.

options        what a user may choose
serve          the port, the browser, uvicorn, a clean end
security       who may ask: host names, origins, the token, sizes, headers
app            addresses → the functions below
answers        bytes and JSON as HTTP: ETag, caching, ranges, compression
source         the dataset looked at, and of one that is being rendered a snapshot that follows
describe       the dataset and its grids as JSON
cells          the stored images, and depth, instances and the warp check as pictures
thumbs         animated diagonals and mosaics; thumb_store keeps them, bounded
clips          named tracks; a track as MP4
pairs          the sampler, live
progress       a running or finished render
results        a benchmark's items, its ground truth and predictions
export         the same answers as files, for any web host
page/          what the browser runs
"""
