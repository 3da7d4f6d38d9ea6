class Net:
    def __call__(self, number):
        return number + 1
