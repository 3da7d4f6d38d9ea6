program bands
  print *, 'All done'
end program bands
