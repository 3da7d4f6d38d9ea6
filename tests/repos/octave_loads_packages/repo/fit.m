% Fits a line.
pkg load statistics
if exist('OCTAVE_VERSION'), pkg('load', 'optim'); end
% pkg load symbolic
x = [1 2 3];
disp(mean(x))
