program integrate
  use quadrature
  implicit none
  double precision :: area
  area = trapezoid(100)
  print '(f8.5)', area
  if (abs(area - 1d0 / 3) > 1d-4) stop 1
end program integrate
