module malmoi

go 1.26
