#include "controlplane/commit/login_notes.h"

#include <arpa/inet.h>

#include "controlplane/commit/clean_text.h"

namespace gatepost::controlplane {

namespace {

bool is_address(const std::string& text) {
    in6_addr address{};
    return ::inet_pton(AF_INET, text.c_str(), &address) == 1 ||
           ::inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

}  // namespace

const std::string kNoteLoginsSql = "SELECT gatepost.note_logins($1, $2, $3, $4)";
const std::string kNoteAuthFailuresSql = "SELECT gatepost.note_auth_failures($1, $2, $3, $4, $5)";

bool LoginNotes::add(storage::LoginNote note) {
    if (logins_.size() >= kLoginsMax) return false;
    logins_.push_back(std::move(note));
    return true;
}

bool LoginNotes::add(storage::AuthFailure failure) {
    // An address that is none would fail the statement.
    if (!is_address(failure.client)) failure.client.clear();
    Kind kind(clean_text(failure.service), clean_text(failure.name), std::move(failure.client),
              clean_text(failure.reason));
    const auto found = failures_.find(kind);
    if (found != failures_.end()) {
        ++found->second;
        return true;
    }
    if (failures_.size() >= kFailuresMax) return false;
    failures_.emplace(std::move(kind), 1);
    return true;
}

BinaryParams LoginNotes::logins() const {
    BinaryArray accounts(PgType::int8);
    BinaryArray credentials(PgType::int8);
    BinaryArray old_hashes(PgType::text);
    BinaryArray new_hashes(PgType::text);
    for (const storage::LoginNote& note : logins_) {
        accounts.add_int8(static_cast<int64_t>(note.account_id));
        credentials.add_int8(static_cast<int64_t>(note.credential_id));
        old_hashes.add_text(clean_text(note.old_hash));
        new_hashes.add_text(clean_text(note.new_hash));
    }
    BinaryParams params;
    for (BinaryArray* array : {&accounts, &credentials, &old_hashes, &new_hashes})
        params.add(std::move(*array));
    return params;
}

BinaryParams LoginNotes::failures() const {
    BinaryArray services(PgType::text);
    BinaryArray names(PgType::text);
    BinaryArray addresses(PgType::text);
    BinaryArray reasons(PgType::text);
    BinaryArray counts(PgType::int8);
    for (const auto& [kind, attempts] : failures_) {
        services.add_text(std::get<0>(kind));
        names.add_text(std::get<1>(kind));
        addresses.add_text(std::get<2>(kind));
        reasons.add_text(std::get<3>(kind));
        counts.add_int8(attempts);
    }
    BinaryParams params;
    for (BinaryArray* array : {&services, &names, &addresses, &reasons, &counts})
        params.add(std::move(*array));
    return params;
}

}  // namespace gatepost::controlplane
