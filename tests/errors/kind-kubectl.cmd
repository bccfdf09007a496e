import kubernetes kinds/kubectl.txt
