"""k-means by Lloyd's algorithm from the first k rows until it rests. usage: cluster.py <vectors.f32> <dims> <k> <most iterations> <labels.i32>"""

import json
import sys
import time
import warnings

import numpy as np
from sklearn.cluster import KMeans

vectors_file, dims, k, most_iterations, labels_file = sys.argv[1:]
vectors = np.fromfile(vectors_file, np.float32).reshape(-1, int(dims))
warnings.simplefilter("error")
model = KMeans(int(k), init=vectors[: int(k)].copy(), n_init=1, max_iter=int(most_iterations), tol=0)
started = time.perf_counter()
model.fit(vectors)
seconds = time.perf_counter() - started
model.labels_.astype(np.int32).tofile(labels_file)
print(json.dumps({"seconds": seconds, "iterations": model.n_iter_}))
