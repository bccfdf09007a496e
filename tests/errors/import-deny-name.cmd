import paloalto configurations/deny-name.set
