// Requests about mailboxes themselves, rights, metadata and keys of URLs, as statements.
#include "controlplane/commit/clean_text.h"
#include "controlplane/mailboxes/write_batch.h"

namespace gatepost::controlplane {

namespace {

using namespace gatepost::storage;

constexpr std::string_view kCreate =
    "SELECT gatepost.create_mailbox($1::bigint, $2::text, nullif($3::text, ''))";
constexpr std::string_view kDelete = "SELECT gatepost.delete_mailbox($1::bigint)";
constexpr std::string_view kRename =
    "SELECT gatepost.rename_mailbox($1::bigint, nullif($2::bigint, 0), $3::text, $4::text)";
constexpr std::string_view kSubscribe =
    "SELECT gatepost.subscribe_mailbox($1::bigint, $2::text, $3::boolean)";
constexpr std::string_view kSetMetadata =
    "SELECT gatepost.set_metadata($1::bigint, nullif($2::bigint, 0), $3::text[], $4::bytea[])";
constexpr std::string_view kSetAcl =
    "SELECT gatepost.set_acl($1::bigint, $2::text, $3::integer, $4::integer)";
constexpr std::string_view kMakeUrlKey = "SELECT gatepost.make_url_key($1::bigint, $2::bigint)";
constexpr std::string_view kResetUrlKeys =
    "SELECT gatepost.reset_url_keys($1::bigint, nullif($2::bigint, 0))";

Bytes octets_of(std::string_view text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace

void WriteBatch::add(const CreateMailbox& request) {
    BinaryParams& params = query(kCreate).params;
    params.add_int8(static_cast<int64_t>(request.account_id));
    params.add_text(clean_text(request.name));
    params.add_text(special_use_text(request.special_use));
    owners_.push_back(request.account_id);
}

void WriteBatch::add(const DeleteMailbox& request) {
    query(kDelete).params.add_int8(static_cast<int64_t>(request.mailbox_id));
}

void WriteBatch::add(const RenameMailbox& request) {
    BinaryParams& params = query(kRename).params;
    params.add_int8(static_cast<int64_t>(request.account_id));
    params.add_int8(static_cast<int64_t>(request.mailbox_id));
    params.add_text(clean_text(request.name));
    params.add_text(clean_text(request.new_name));
    owners_.push_back(request.account_id);
}

void WriteBatch::add(const SubscribeMailbox& request) {
    BinaryParams& params = query(kSubscribe).params;
    params.add_int8(static_cast<int64_t>(request.account_id));
    params.add_text(clean_text(request.name));
    params.add_boolean(request.subscribed);
    owners_.push_back(request.account_id);
}

void WriteBatch::add(const SetMetadata& request) {
    BinaryArray entries(PgType::text);
    BinaryArray values(PgType::bytea);
    for (const auto& [name, value] : request.entries) {
        entries.add_text(clean_text(name));
        if (value)
            values.add(octets_of(*value));
        else
            values.add_null();
    }
    BinaryParams& params = query(kSetMetadata).params;
    params.add_int8(static_cast<int64_t>(request.account_id));
    params.add_int8(static_cast<int64_t>(request.mailbox_id));
    params.add(std::move(entries));
    params.add(std::move(values));
}

void WriteBatch::add(const SetAcl& request) {
    BinaryParams& params = query(kSetAcl).params;
    params.add_int8(static_cast<int64_t>(request.mailbox_id));
    params.add_text(clean_text(request.identifier));
    params.add_int4(static_cast<int32_t>(request.action));
    params.add_int4(request.rights);
}

void WriteBatch::add(const MakeUrlKey& request) {
    BinaryParams& params = query(kMakeUrlKey).params;
    params.add_int8(static_cast<int64_t>(request.account_id));
    params.add_int8(static_cast<int64_t>(request.mailbox_id));
}

void WriteBatch::add(const ResetUrlKeys& request) {
    BinaryParams& params = query(kResetUrlKeys).params;
    params.add_int8(static_cast<int64_t>(request.account_id));
    params.add_int8(static_cast<int64_t>(request.mailbox_id));
}

}  // namespace gatepost::controlplane
