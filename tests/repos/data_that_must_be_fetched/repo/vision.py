from torchvision import datasets, models

datasets.MNIST("data", download=True)
models.resnet18(pretrained=True)
