import fire


def train(folder, epochs=3):
    return folder


if __name__ == "__main__":
    fire.Fire(train)
