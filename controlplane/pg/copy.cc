#include "controlplane/pg/copy.h"

#include <libpq-fe.h>

#include <algorithm>
#include <optional>

#include "controlplane/pg/error.h"
#include "controlplane/pg/text_array.h"
#include "storage/base/check.h"

namespace gatepost::controlplane {
namespace {

constexpr char kBinarySignature[] = "PGCOPY\n\377\r\n";  // with its final NUL: 11 octets

// The text format's own escapes: the delimiter, line ends and the backslash itself.
void append_escaped(std::string& out, std::string_view value) {
    for (const char c : value) {
        switch (c) {
            case '\\':
                out += "\\\\";
                break;
            case '\t':
                out += "\\t";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\r':
                out += "\\r";
                break;
            default:
                out += c;
        }
    }
}

}  // namespace

CopyIn::~CopyIn() {
    if (connection_ == nullptr || connection_->raw() == nullptr) return;
    PQputCopyEnd(connection_->raw(), "given up by the client");
    while (PGresult* result = PQgetResult(connection_->raw())) PQclear(result);
}

Status CopyIn::put(std::string_view data) {
    GATEPOST_CHECK(connection_ != nullptr);
    while (!data.empty()) {
        const size_t piece = std::min<size_t>(data.size(), 1U << 20);
        if (PQputCopyData(connection_->raw(), data.data(), static_cast<int>(piece)) != 1)
            return tl::unexpected(connection_->last_error());
        data.remove_prefix(piece);
    }
    return {};
}

Result<int64_t> CopyIn::finish() {
    GATEPOST_CHECK(connection_ != nullptr);
    PGconn* conn = std::exchange(connection_, nullptr)->raw();
    if (PQputCopyEnd(conn, nullptr) != 1) return tl::unexpected(error_from_connection(conn));
    int64_t rows = 0;
    std::optional<Error> error;
    while (PGresult* raw = PQgetResult(conn)) {
        const PgResult result(raw);
        if (PQresultStatus(raw) == PGRES_COMMAND_OK)
            rows = result.affected();
        else if (!error)
            error = error_from_result(raw);
    }
    if (error) return tl::unexpected(std::move(*error));
    return rows;
}

void CopyText::separate() {
    if (!first_) out_ += '\t';
    first_ = false;
}

CopyText& CopyText::null() {
    separate();
    out_ += "\\N";
    return *this;
}

CopyText& CopyText::text(std::string_view value) {
    separate();
    append_escaped(out_, value);
    return *this;
}

CopyText& CopyText::integer(int64_t value) {
    separate();
    out_ += std::to_string(value);
    return *this;
}

CopyText& CopyText::text_array(std::span<const std::string> values) {
    separate();
    scratch_.clear();
    text_array_append(scratch_, values);
    append_escaped(out_, scratch_);
    return *this;
}

void CopyText::end_row() {
    out_ += '\n';
    first_ = true;
}

int64_t CopyField::integer() const {
    ByteReader reader(bytes);
    switch (bytes.size()) {
        case 2:
            return static_cast<int16_t>(reader.u16());
        case 4:
            return static_cast<int32_t>(reader.u32());
        default:
            GATEPOST_CHECK(bytes.size() == 8);
            return static_cast<int64_t>(reader.u64());
    }
}

Result<std::span<const CopyField>> CopyBinaryReader::row(Bytes message) {
    ByteReader reader(message);
    if (!header_seen_) {
        const Bytes signature = reader.bytes(sizeof kBinarySignature);
        if (!reader.ok() ||
            !std::equal(signature.begin(), signature.end(), kBinarySignature,
                        [](uint8_t a, char b) { return a == static_cast<uint8_t>(b); }))
            return fail(ErrorCode::refused, "COPY did not begin with the binary format's header");
        reader.u32();                // flags
        reader.bytes(reader.u32());  // header extension
        header_seen_ = true;
    }
    constexpr uint16_t kTrailer = 0xffff;
    constexpr uint32_t kNull = 0xffffffff;
    fields_.clear();
    const uint16_t count = reader.u16();
    if (reader.ok() && count == kTrailer) return std::span<const CopyField>();
    for (uint16_t i = 0; i < count && reader.ok(); ++i) {
        const uint32_t length = reader.u32();
        if (length == kNull)
            fields_.push_back({{}, true});
        else
            fields_.push_back({reader.bytes(length), false});
    }
    if (!reader.ok() || !reader.at_end())
        return fail(ErrorCode::refused, "COPY gave a malformed binary row");
    return std::span<const CopyField>(fields_);
}

}  // namespace gatepost::controlplane
