def load(batch):
    return batch.cuda(async=True)
