subroutine solve
end subroutine
