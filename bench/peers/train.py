"""Trains a softmax head with Adam. usage: train.py <folder> <dims> <classes> <epochs> <batch size> <learning rate> <l2>

Reads vectors.f32 [n, dims], labels.i32 [n] and orders.u32 [epochs, n] from the folder and writes weights.f32 [dims, classes] to it.
"""

import json
import os
import sys
import time

import numpy as np

FIRST_DECAY, SECOND_DECAY, EPSILON = np.float32(0.9), np.float32(0.999), np.float32(1e-8)

folder = sys.argv[1]
dims, classes, epochs, batch_size = map(int, sys.argv[2:6])
learning_rate, l2 = map(np.float32, sys.argv[6:8])
vectors = np.fromfile(os.path.join(folder, "vectors.f32"), np.float32).reshape(-1, dims)
labels = np.fromfile(os.path.join(folder, "labels.i32"), np.int32)
orders = np.fromfile(os.path.join(folder, "orders.u32"), np.uint32).reshape(epochs, -1)

started = time.perf_counter()
weights, bias = np.zeros((dims, classes), np.float32), np.zeros(classes, np.float32)
moments = [(np.zeros_like(value), np.zeros_like(value)) for value in (weights, bias)]
step = 0
for order in orders:
    for begin in range(0, len(order), batch_size):
        step += 1
        rows = order[begin : begin + batch_size]
        batch, wanted = vectors[rows], labels[rows]
        logits = batch @ weights + bias
        logits -= logits.max(axis=1, keepdims=True)
        gradient = np.exp(logits)
        gradient /= gradient.sum(axis=1, keepdims=True)
        gradient[np.arange(len(rows)), wanted] -= 1
        gradient /= len(rows)
        gradients = (batch.T @ gradient + l2 * weights, gradient.sum(axis=0))
        for value, slope, (mean, square) in zip((weights, bias), gradients, moments):
            mean += (1 - FIRST_DECAY) * (slope - mean)
            square += (1 - SECOND_DECAY) * (slope * slope - square)
            length = learning_rate / (1 - 0.9**step)
            value -= length * mean / (np.sqrt(square / (1 - 0.999**step)) + EPSILON)
seconds = time.perf_counter() - started

accuracy = float(((vectors @ weights + bias).argmax(axis=1) == labels).mean())
weights.tofile(os.path.join(folder, "weights.f32"))
print(json.dumps({"seconds": seconds, "accuracy": accuracy}))
