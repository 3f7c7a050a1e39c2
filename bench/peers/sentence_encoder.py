"""A BERT sentence encoder on ONNX Runtime: texts of about equal length go together, 512 tokens at a time."""

import os

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

BATCH_TOKENS = 512


class SentenceEncoder:
    def __init__(self, folder):
        self.tokenizer = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(512)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(
            os.path.join(folder, "model.onnx"), options, providers=["CPUExecutionProvider"]
        )

    def encode(self, texts):
        """Texts [n] -> unit vectors [n, dims] by mean pooling, in the order given."""
        token_ids = [encoding.ids for encoding in self.tokenizer.encode_batch(list(texts))]
        vectors = None
        for batch in batches_by_length([len(ids) for ids in token_ids]):
            pooled = self._pooled([token_ids[at] for at in batch])
            if vectors is None:
                vectors = np.empty((len(token_ids), pooled.shape[1]), np.float32)
            vectors[batch] = pooled
        return vectors

    def _pooled(self, token_ids):
        longest = max(map(len, token_ids))
        input_ids = np.zeros((len(token_ids), longest), np.int64)
        mask = np.zeros_like(input_ids)
        for row, ids in enumerate(token_ids):
            input_ids[row, : len(ids)] = ids
            mask[row, : len(ids)] = 1
        feeds = {"input_ids": input_ids, "attention_mask": mask, "token_type_ids": np.zeros_like(input_ids)}
        (hidden,) = self.session.run(None, feeds)
        weights = mask[:, :, None].astype(np.float32)
        means = (hidden * weights).sum(axis=1) / weights.sum(axis=1)
        return means / np.linalg.norm(means, axis=1, keepdims=True)


def batches_by_length(lengths):
    """Cuts the rows, shortest first, into batches whose padded size is at most BATCH_TOKENS; a longer row goes alone."""
    batch = []
    for row in np.argsort(lengths, kind="stable"):
        if batch and lengths[row] * (len(batch) + 1) > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(int(row))
    if batch:
        yield batch
