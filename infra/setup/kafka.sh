#!/usr/bin/env bash
# Bring Kafka's jars, as infra/kafka/pom.xml names them, into .cache/kafka.
set -euo pipefail
. infra/setup/common.sh

input=$(content infra/kafka/pom.xml)
if is_done kafka "$input" && ls .cache/kafka/kafka_2.13-*.jar > /dev/null 2>&1; then exit 0; fi

say "bringing Apache Kafka through Maven"
rm -rf .cache/kafka.new
mvn -q -B -ntp -Dstyle.color=never -f infra/kafka/pom.xml -Dlibs="$PWD/.cache/kafka.new" package ||
  fail "Maven could not bring Kafka; see its message above (is there a network?)"
rm -rf .cache/kafka
mv .cache/kafka.new .cache/kafka
done_with kafka "$input"
