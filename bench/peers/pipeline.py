"""The main job as a data scientist's script: files -> text vectors -> customer vectors -> clusters -> classifier -> a CSV file of labels.

usage: pipeline.py <job> <encoder folder> <k> <dims> <labels.csv> <file>...
job `items`: files of customers, products and sales, told apart by their columns; job `titles`: one file of order lines with titles.
"""

import json
import sys

from stopwatch import Stopwatch

watch = Stopwatch()

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from order_lines import read_order_lines
from sentence_encoder import SentenceEncoder

job, encoder_folder, k, dims, labels_file, *files = sys.argv[1:]
watch.lap("import")

lines, texts, profiles = read_order_lines(job, files)
watch.lap("read and clean")

text_vectors = SentenceEncoder(encoder_folder).encode(texts)
watch.lap("embed texts")

customers, customer_rows = np.unique(lines.customer.to_numpy(), return_inverse=True)
ones = np.ones(len(lines), np.float32)
touched = sparse.csr_matrix((ones, (customer_rows, lines.text.to_numpy())), shape=(len(customers), len(texts)))
pooled = touched @ text_vectors
pooled /= np.linalg.norm(pooled, axis=1, keepdims=True)

by_customer = lines.groupby("customer")
revenue = by_customer.amount.sum()
behaviour = pd.DataFrame(
    {
        "recency_days": (lines.time.max() - by_customer.time.max()).dt.days,
        "orders": np.log1p(by_customer.time.nunique()),
        "revenue": np.sign(revenue) * np.log1p(revenue.abs()),
        "lines": np.log1p(by_customer.size()),
        "returned_share": by_customer.quantity.agg(lambda quantities: (quantities < 0).mean())
        if (lines.quantity < 0).any()
        else 0.0,
    }
)
if profiles is not None:
    behaviour = behaviour.join(profiles)
behaviour = behaviour.fillna(behaviour.mean())
components = PCA(int(dims) - behaviour.shape[1], random_state=0).fit_transform(pooled) * 4
vectors = np.hstack([components, StandardScaler().fit_transform(behaviour)]).astype(np.float32)
watch.lap("build vectors")

labels = KMeans(int(k), n_init=5, random_state=0).fit(vectors).labels_
watch.lap("cluster")

train_x, test_x, train_y, test_y = train_test_split(vectors, labels, test_size=0.2, random_state=0)
accuracy = LogisticRegression(max_iter=500).fit(train_x, train_y).score(test_x, test_y)
watch.lap("train and evaluate")

pd.DataFrame({"customer": customers, "label": labels}).to_csv(labels_file, index=False)
watch.lap("write")

print(
    json.dumps(
        {
            "seconds": watch.seconds,
            "customers": len(customers),
            "lines": len(lines),
            "texts": len(texts),
            "sizes": np.bincount(labels).tolist(),
            "accuracy": accuracy,
        }
    )
)
