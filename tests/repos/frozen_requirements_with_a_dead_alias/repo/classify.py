from sklearn.linear_model import SGDClassifier

if __name__ == "__main__":
    print(SGDClassifier())
