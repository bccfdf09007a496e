import openshift configurations/empty.txt
