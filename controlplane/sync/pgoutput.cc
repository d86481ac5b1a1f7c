#include "controlplane/sync/pgoutput.h"

#include <algorithm>

namespace gatepost::controlplane {

namespace {

int64_t postgres_time(ByteReader& reader) {
    // Unsigned, so that a nonsensical time wraps instead of overflowing.
    return static_cast<int64_t>(reader.u64() + uint64_t{kPostgresEpochUs});
}

// A string ended by a zero octet.
std::string_view c_string(ByteReader& reader, Bytes message) {
    const Bytes rest = message.subspan(reader.position());
    const auto zero = std::find(rest.begin(), rest.end(), uint8_t{0});
    if (zero == rest.end()) {
        reader.fail();
        return {};
    }
    const auto length = static_cast<size_t>(zero - rest.begin());
    const Bytes text = reader.bytes(length);
    reader.u8();
    return {reinterpret_cast<const char*>(text.data()), text.size()};
}

// TupleData.
Tuple tuple(ByteReader& reader, std::vector<TupleField>& out) {
    out.clear();
    const uint16_t count = reader.u16();
    for (uint16_t i = 0; i < count && reader.ok(); ++i) {
        switch (reader.u8()) {
            case 'n':
                out.push_back({{}, FieldKind::null});
                break;
            case 'u':
                out.push_back({{}, FieldKind::unchanged});
                break;
            case 't':
                out.push_back({reader.bytes(reader.u32()), FieldKind::text});
                break;
            case 'b':
                out.push_back({reader.bytes(reader.u32()), FieldKind::binary});
                break;
            default:
                reader.fail();
        }
    }
    return out;
}

void expect(ByteReader& reader, char kind) {
    if (reader.u8() != static_cast<uint8_t>(kind)) reader.fail();
}

BeginMessage begin(ByteReader& reader) {
    BeginMessage message;
    message.final_lsn = reader.u64();
    message.commit_time_us = postgres_time(reader);
    message.xid = reader.u32();
    return message;
}

CommitMessage commit(ByteReader& reader) {
    CommitMessage message;
    reader.u8();  // flags: none are defined
    message.commit_lsn = reader.u64();
    message.end_lsn = reader.u64();
    message.commit_time_us = postgres_time(reader);
    return message;
}

std::string printable(uint8_t octet) {
    return octet > ' ' && octet < 0x7f ? fmt::format("'{}'", static_cast<char>(octet))
                                       : fmt::format("0x{:02x}", octet);
}

}  // namespace

Result<PgoutputMessage> PgoutputDecoder::decode(Bytes bytes) {
    if (bytes.empty()) return fail(ErrorCode::invalid, "an empty message of logical replication");
    ByteReader reader(bytes);
    PgoutputMessage message;
    const uint8_t type = reader.u8();
    switch (type) {
        case 'B':
            message = begin(reader);
            break;
        case 'C':
            message = commit(reader);
            break;
        case 'R':
            message = relation(reader, bytes);
            break;
        case 'I': {
            const RelationId id = reader.u32();
            expect(reader, 'N');
            message = InsertMessage{id, tuple(reader, row_)};
            break;
        }
        case 'U':
            message = update(reader);
            break;
        case 'D': {
            const RelationId id = reader.u32();
            const uint8_t kind = reader.u8();
            if (kind != 'K' && kind != 'O') reader.fail();
            message = DeleteMessage{id, tuple(reader, key_)};
            break;
        }
        case 'T':
            message = truncate(reader);
            break;
        case 'Y':  // Type
        case 'O':  // Origin
        case 'M':  // Message
            return PgoutputMessage{IgnoredMessage{}};
        default:
            return fail(ErrorCode::invalid,
                        "a message of the unknown type {} in the replication stream; this server's "
                        "pgoutput is not one of protocol version 1",
                        printable(type));
    }
    if (!reader.ok() || !reader.at_end())
        return fail(ErrorCode::invalid,
                    "a malformed {} message of {} octets in the replication stream",
                    printable(type), bytes.size());
    return message;
}

RelationMessage PgoutputDecoder::relation(ByteReader& reader, Bytes bytes) {
    columns_.clear();
    RelationMessage message;
    message.id = reader.u32();
    message.schema = c_string(reader, bytes);
    message.table = c_string(reader, bytes);
    reader.u8();  // replica identity
    const uint16_t count = reader.u16();
    for (uint16_t i = 0; i < count && reader.ok(); ++i) {
        reader.u8();  // flags: part of the key
        columns_.push_back(c_string(reader, bytes));
        reader.u32();  // type
        reader.u32();  // type modifier
    }
    message.columns = columns_;
    return message;
}

UpdateMessage PgoutputDecoder::update(ByteReader& reader) {
    UpdateMessage message;
    message.relation = reader.u32();
    uint8_t kind = reader.u8();
    if (kind == 'K' || kind == 'O') {
        message.has_key = true;
        message.key = tuple(reader, key_);
        kind = reader.u8();
    }
    if (kind != 'N') reader.fail();
    message.row = tuple(reader, row_);
    return message;
}

TruncateMessage PgoutputDecoder::truncate(ByteReader& reader) {
    relations_.clear();
    const uint32_t count = reader.u32();
    reader.u8();  // options: CASCADE, RESTART IDENTITY
    for (uint32_t i = 0; i < count && reader.ok(); ++i) relations_.push_back(reader.u32());
    return {relations_};
}

}  // namespace gatepost::controlplane
