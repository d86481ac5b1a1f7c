// A directory with domains, accounts and aliases, and what is asked of it.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/mail_directory/mail_directory.h"
#include "storage/arena/runtime_page.h"
#include "storage/base/check.h"
#include "storage/directory/directory_writer.h"

namespace gatepost::dataplane::tests {

using storage::EntryKind;

class TestMailDirectory {
  public:
    TestMailDirectory() : page_(storage::RuntimeMapping::create().value()) {
        auto segment = storage::Segment::create("mail-directory-test", size_t{64} << 20,
                                                storage::PageKind::plain);
        writer_ = std::move(
            storage::DirectoryWriter::create(std::move(segment.value()), page_->qsbr, 1).value());
    }

    void domain(std::string_view name, const storage::MailDomain& about) {
        put(EntryKind::mail_domain, name, storage::encode(about));
    }
    void domain(std::string_view name) {
        domain(name, {.id = ++last_id_, .subaddress_delimiters = "+"});
    }
    // Gives its id.
    uint64_t account(std::string_view address, uint16_t flags = 0) {
        storage::MailAccount account{.id = ++last_id_, .flags = flags};
        account.credentials.push_back({.id = 1, .hash = "{PLAIN}secret"});
        put(EntryKind::mail_account, address, storage::encode(account));
        return account.id;
    }
    void alias(std::string_view source, std::initializer_list<std::string_view> targets) {
        put(EntryKind::mail_alias, source, storage::encode(storage::MailAlias{targets}));
    }
    void alias(std::string_view source, const std::vector<std::string>& targets) {
        put(EntryKind::mail_alias, source,
            storage::encode(storage::MailAlias{{targets.begin(), targets.end()}}));
    }
    void put(EntryKind kind, std::string_view key, const std::vector<uint8_t>& value) {
        GATEPOST_CHECK(writer_->put(kind, key, value).has_value());
    }

    MailDirectory directory() const { return MailDirectory(writer_->view(), postmaster); }
    static storage::MailAddress address(std::string_view text) {
        return storage::parse_mail_address(text, storage::AddressForm::utf8).value();
    }
    AddressResolution resolve(std::string_view text) const {
        return directory().resolve(address(text));
    }
    // "ada@example.org external:bob@example.net", sorted; with the status in front unless ok.
    std::string targets(std::string_view text) const { return describe(resolve(text)); }
    static std::string describe(const AddressResolution& resolution) {
        std::vector<std::string> names;
        for (const MailTarget& target : resolution.targets)
            names.push_back((target.kind == MailTarget::Kind::external ? "external:" : "") +
                            target.address);
        std::sort(names.begin(), names.end());
        std::string text;
        if (resolution.status != ResolutionStatus::ok) text = status_name(resolution.status);
        for (const std::string& name : names) text += (text.empty() ? "" : " ") + name;
        return text;
    }
    bool may_send(uint64_t account, std::string_view from) const {
        return directory().may_send_as(account, address(from));
    }

    std::string postmaster;

  private:
    static std::string status_name(ResolutionStatus status) {
        switch (status) {
            case ResolutionStatus::ok:
                return "ok";
            case ResolutionStatus::no_such_domain:
                return "no_such_domain";
            case ResolutionStatus::inactive_domain:
                return "inactive_domain";
            case ResolutionStatus::no_such_user:
                return "no_such_user";
            case ResolutionStatus::no_email:
                return "no_email";
            case ResolutionStatus::over_quota:
                return "over_quota";
            case ResolutionStatus::loop:
                return "loop";
            case ResolutionStatus::too_many:
                return "too_many";
            case ResolutionStatus::damaged:
                break;
        }
        return "damaged";
    }

    storage::RuntimeMapping page_;
    std::unique_ptr<storage::DirectoryWriter> writer_;
    uint64_t last_id_ = 0;
};

}  // namespace gatepost::dataplane::tests
