function w = fit(X, y)
w = X \ y;
