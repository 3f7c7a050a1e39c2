"""Texts to vectors. usage: embed.py <encoder folder> <texts.json> <vectors.f32>"""

import json
import sys
import time

from sentence_encoder import SentenceEncoder

encoder_folder, texts_file, vectors_file = sys.argv[1:]
with open(texts_file, encoding="utf-8") as file:
    texts = json.load(file)
encoder = SentenceEncoder(encoder_folder)
encoder.encode(texts[:32])  # warms the session up

started = time.perf_counter()
vectors = encoder.encode(texts)
seconds = time.perf_counter() - started
vectors.tofile(vectors_file)
print(json.dumps({"seconds": seconds}))
