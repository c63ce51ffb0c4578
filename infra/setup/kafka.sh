#!/usr/bin/env bash
# Bring Kafka's jars, as infra/kafka/pom.xml names them, into .cache/kafka.
set -euo pipefail
. infra/setup/common.sh

input=$(content infra/kafka/pom.xml)
if is_done kafka "$input" && ls .cache/kafka/kafka_2.13-*.jar > /dev/null 2>&1; then exit 0; fi

say "bringing Apache Kafka through Maven"
rm -rf .cache/kafka.new
log=.cache/setup/kafka.log
if ! mvn -B -ntp -f infra/kafka/pom.xml -Dlibs="$PWD/.cache/kafka.new" package > $log 2>&1; then
  grep ERROR $log | head -n 5 >&2 || tail -n 5 $log >&2
  fail "Maven could not bring Kafka (is there a network?); all it said is in $log"
fi
rm -rf .cache/kafka
mv .cache/kafka.new .cache/kafka
done_with kafka "$input"
