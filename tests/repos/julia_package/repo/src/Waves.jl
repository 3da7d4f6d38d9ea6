module Waves
using DataFrames
end
