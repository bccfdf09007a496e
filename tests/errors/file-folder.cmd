check include-folder
