function x = solve(a, b)
% Solves a linear system.
x = a \ b;
end
