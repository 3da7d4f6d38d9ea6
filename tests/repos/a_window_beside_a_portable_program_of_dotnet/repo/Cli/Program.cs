System.Console.WriteLine("solved");
