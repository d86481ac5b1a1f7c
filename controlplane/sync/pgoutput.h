// Decodes the messages of logical replication's output plugin pgoutput, protocol version 1
// (PostgreSQL 15, "Logical Replication Message Formats"). Bounds-checked: what a server sends is
// input like any other.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "controlplane/pg/lsn.h"
#include "storage/base/bytes.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

using RelationId = uint32_t;

enum class FieldKind : uint8_t {
    null,
    unchanged,  // a value kept outside of its row (TOAST) that an UPDATE left alone: it is not sent
    text,
    binary,
};

// One column's value in a tuple.
struct TupleField {
    Bytes bytes;
    FieldKind kind = FieldKind::null;
};
using Tuple = std::span<const TupleField>;

struct BeginMessage {
    Lsn final_lsn = 0;           // of the commit record
    int64_t commit_time_us = 0;  // microseconds since 1970
    uint32_t xid = 0;
};
struct CommitMessage {
    Lsn commit_lsn = 0;
    Lsn end_lsn = 0;             // behind the commit record
    int64_t commit_time_us = 0;  // microseconds since 1970
};
struct RelationMessage {
    RelationId id = 0;
    std::string_view schema;  // "" is pg_catalog
    std::string_view table;
    std::span<const std::string_view> columns;
};
struct InsertMessage {
    RelationId relation = 0;
    Tuple row;
};
struct UpdateMessage {
    RelationId relation = 0;
    bool has_key = false;  // the row's identity was changed: `key` is the old one
    Tuple key;             // columns outside of the replica identity are null
    Tuple row;
};
struct DeleteMessage {
    RelationId relation = 0;
    Tuple key;
};
struct TruncateMessage {
    std::span<const RelationId> relations;
};
// A message that carries nothing for us: Type, Origin, Message.
struct IgnoredMessage {};

using PgoutputMessage = std::variant<IgnoredMessage, BeginMessage, CommitMessage, RelationMessage,
                                     InsertMessage, UpdateMessage, DeleteMessage, TruncateMessage>;

// Microseconds between 1970 and PostgreSQL's own epoch, 2000-01-01.
inline constexpr int64_t kPostgresEpochUs = 946'684'800'000'000;

class PgoutputDecoder {
  public:
    // What the result refers to lives in `message` and in this decoder, until the next call.
    Result<PgoutputMessage> decode(Bytes message);

  private:
    RelationMessage relation(ByteReader& reader, Bytes message);
    UpdateMessage update(ByteReader& reader);
    TruncateMessage truncate(ByteReader& reader);

    std::vector<TupleField> row_;
    std::vector<TupleField> key_;
    std::vector<std::string_view> columns_;
    std::vector<RelationId> relations_;
};

}  // namespace gatepost::controlplane
