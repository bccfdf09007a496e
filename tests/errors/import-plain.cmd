import plain configurations/empty.txt
