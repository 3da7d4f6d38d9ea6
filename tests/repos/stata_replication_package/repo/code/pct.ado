program define pct
  display 1
end
