// CATENATE (RFC 4469): parts of messages that are here already.
#include <algorithm>

#include "dataplane/imap/appending.h"
#include "dataplane/imap/imap_session.h"
#include "dataplane/imap/imap_url.h"
#include "dataplane/imap_fetch/body_source.h"
#include "dataplane/imap_fetch/find_body.h"
#include "dataplane/imap_fetch/section_place.h"

namespace gatepost::dataplane {

using Kind = ImapReply::Kind;

namespace {

// RFC 4469 §4.1: the URL goes back as it came; one that cannot stand there does not.
ImapReply bad_url(const std::string& url, std::string text) {
    const bool sound =
        std::ranges::all_of(url, [](char c) { return c > ' ' && c < 127 && c != ']'; });
    return {Kind::no, sound ? "BADURL \"" + url + "\"" : std::string("CANNOT"), std::move(text)};
}

}  // namespace

Task<ImapSession::Next> ImapSession::append_url(Appending& appending) {
    if (!appending.checked) co_await check_append(appending);
    if (appending.failure) co_return Next::command;
    const std::string text = appending.parser.part().url;
    const auto url = parse_imap_url(text, options_.server_name);
    UrlOctets found;
    if (url) found = co_await find_url(*url, text);
    if (found.status == UrlOctets::Status::unavailable)
        appending.fail({Kind::no, "UNAVAILABLE", "A part cannot be read now; try again"});
    else if (found.status == UrlOctets::Status::none)
        appending.fail(bad_url(text, "There is nothing by that URL"));
    else
        begin_part(appending, found.size);
    if (appending.failure) co_return Next::command;
    BodySource::FindAgain find_again = [this, &found] {
        return find_body(environment_.mailboxes(), found.mailbox_id, found.uid_validity, found.uid);
    };
    BodySource source(environment_.store(), found.body, std::move(find_again));
    for (uint64_t done = 0; done < found.size;) {
        const uint64_t size = std::min<uint64_t>(BodySource::kPieceMax, found.size - done);
        const Extent extent{found.offset + done, size};
        Bytes piece;
        const bool read = co_await source.get(extent, piece);
        StoreStatus status = StoreStatus::broken;
        if (read) status = co_await appending.intake->add(piece);
        if (status != StoreStatus::ok) {
            appending.fail({Kind::no, "UNAVAILABLE", "A part cannot be copied now; try again"});
            break;
        }
        done += size;
    }
    co_return Next::command;
}

Task<ImapSession::UrlOctets> ImapSession::find_url(const ImapUrl& url, std::string_view text) {
    UrlOctets found;
    if (url.authorization) {
        found = co_await find_authorized(url, text);
        co_return found;
    }
    // RFC 4469 §3: those of others are for nobody without an authorization.
    if (!url.owner.empty() && !is_user(url.owner)) co_return found;
    const auto listing = find_listing(url.mailbox);
    if (!listing || (listing->rights & storage::kRightRead) == 0) co_return found;
    found = co_await find_octets(listing->mailbox_id, url);
    co_return found;
}

Task<ImapSession::UrlOctets> ImapSession::find_octets(uint64_t mailbox_id, const ImapUrl& url) {
    using Status = UrlOctets::Status;
    UrlOctets found;
    found.status = Status::unavailable;
    std::optional<storage::MailboxView> mailbox;
    ImapReply opened = co_await open_mailbox(mailbox_id, mailbox);
    if (opened.code == "NONEXISTENT") found.status = Status::none;
    if (opened.kind != Kind::ok) co_return found;
    const storage::MailboxEntry* entry = mailbox->find(url.uid);
    if (entry != nullptr && section_needs_summary(url.item) && entry->has_summary_to_load()) {
        storage::MailboxRequest request = storage::LoadSummaries{mailbox_id, url.uid, url.uid};
        co_await ask_mailboxes(std::move(request));
        opened = co_await open_mailbox(mailbox_id, mailbox);
        if (opened.kind != Kind::ok) co_return found;
        entry = mailbox->find(url.uid);
    }
    const bool other = url.uid_validity && *url.uid_validity != mailbox->status().uid_validity;
    found.status = Status::none;
    if (entry == nullptr || other) co_return found;
    SummaryReader summary(mailbox->summary(*entry));
    const SectionPlace place = find_section(url.item, summary, entry->size);
    if (section_needs_summary(url.item) && !summary.ok()) {
        found.status = Status::unavailable;
        co_return found;
    }
    if (place.kind != SectionPlace::Kind::octets) co_return found;
    const Extent part = partial_of(place.extent.size, url.item.partial);
    found.status = Status::ok;
    found.body = entry->location();
    found.offset = place.extent.offset + part.offset;
    found.size = part.size;
    found.mailbox_id = mailbox_id;
    found.uid_validity = mailbox->status().uid_validity;
    found.uid = url.uid;
    co_return found;
}

}  // namespace gatepost::dataplane
