      PROGRAM JUNCTION
      REAL PHASE
      PHASE = 0.5
      PRINT *, SIN(PHASE)
      END
