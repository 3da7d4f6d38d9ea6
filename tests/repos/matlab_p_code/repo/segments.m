result = grow(image, 3);
disp(result)
