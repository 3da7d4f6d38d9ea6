import numpy as np
from matplotlib import pyplot as plt
from sklearn.svm import SVC


def boundary():
    fit = SVC().fit(np.eye(2), [0, 1])
    plt.plot(fit.predict(np.eye(2)))
