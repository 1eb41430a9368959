package based
