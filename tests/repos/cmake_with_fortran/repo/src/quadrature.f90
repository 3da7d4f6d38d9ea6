module quadrature
  implicit none
contains
  function trapezoid(n) result(area)
    integer, intent(in) :: n
    double precision :: area, x
    integer :: i
    area = 0
    do i = 0, n - 1
      x = (i + 0.5d0) / n
      area = area + x * x / n
    end do
  end function trapezoid
end module quadrature
