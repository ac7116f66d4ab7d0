# Two packages, an archive of them, and the program out of it.
set -eu
cd /workspace
javac -d /tmp/classes Main.java part/Part.java
jar --create --file /tmp/program.jar --main-class Main -C /tmp/classes .
java -jar /tmp/program.jar
