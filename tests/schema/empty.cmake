# Empties the folder that collects the result documents of one run of the suite.
file(REMOVE_RECURSE ${FOLDER})
file(MAKE_DIRECTORY ${FOLDER})
