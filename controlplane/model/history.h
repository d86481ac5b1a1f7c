// The history of changes, for people: newest first.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "controlplane/pg/connection.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

struct HistoryEntry {
    int64_t id = 0;
    std::string at;  // RFC 3339, UTC, with microseconds
    uint64_t transaction = 0;
    std::string who;
    std::string via;  // the program
    std::string zone;
    std::string name;
    std::string type;    // SOA: the zone itself
    std::string action;  // insert, update, delete
    std::string before;  // JSON; empty: there was none
    std::string after;
};

struct HistoryListOptions {
    std::string zone;  // empty: all, also zones that are gone
    std::string name;  // within the zone, or absolute
    std::string type;
    std::string who;
    std::string since;   // a time that PostgreSQL understands: "2026-08-21 10:00", "yesterday"
    int64_t before = 0;  // only entries with a smaller id: the last one of the previous page
    size_t limit = 100;
};

Result<std::vector<HistoryEntry>> history_list(Connection& connection,
                                               const HistoryListOptions& options = {});

}  // namespace gatepost::controlplane
