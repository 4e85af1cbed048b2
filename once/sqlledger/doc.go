package sqlledger
