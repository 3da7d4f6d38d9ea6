% A function.

function run_fit(x)
  disp(x)
end
