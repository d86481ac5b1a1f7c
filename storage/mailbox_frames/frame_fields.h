// What each record of a frame consists of, in the order of the octets: read and written from one
// list, so that both sides cannot differ.
#pragma once

#include <algorithm>
#include <tuple>
#include <variant>

#include "storage/delivery/delivery_frames.h"
#include "storage/mailbox_frames/mailbox_reply.h"
#include "storage/mailbox_frames/mailbox_request.h"

namespace gatepost::storage {

// A text that is cut where it is too long, rather than refused.
template <typename Record>
struct CutText {
    std::string Record::*member;
    size_t octets_max;
};
template <typename Record>
CutText(std::string Record::*, size_t) -> CutText<Record>;

// Left out where it is too long.
template <typename Record>
struct OmittedOctets {
    std::vector<uint8_t> Record::*member;
    size_t octets_max;
};
template <typename Record>
OmittedOctets(std::vector<uint8_t> Record::*, size_t) -> OmittedOctets<Record>;

template <typename Record>
inline constexpr std::monostate kFields{};
template <typename Record>
concept HasFields = !std::is_same_v<decltype(kFields<Record>), const std::monostate>;

template <>
inline constexpr auto kFields<UidRange> = std::tuple(&UidRange::first, &UidRange::last);
template <>
inline constexpr auto kFields<BlobId> = std::tuple(&BlobId::high, &BlobId::low);
template <>
inline constexpr auto kFields<BodyLocation> = std::tuple(&BodyLocation::segment,
                                                         &BodyLocation::offset,
                                                         &BodyLocation::size);

template <>
inline constexpr auto kFields<OpenAccount> = std::tuple(&OpenAccount::account_id);
template <>
inline constexpr auto kFields<OpenMailbox> = std::tuple(&OpenMailbox::mailbox_id);
template <>
inline constexpr auto kFields<LoadSummaries> = std::tuple(&LoadSummaries::mailbox_id,
                                                          &LoadSummaries::first_uid,
                                                          &LoadSummaries::last_uid);
template <>
inline constexpr auto kFields<FindExpunged> = std::tuple(&FindExpunged::mailbox_id,
                                                         &FindExpunged::since_modseq,
                                                         &FindExpunged::known);
template <>
inline constexpr auto kFields<StoreFlags> = std::tuple(&StoreFlags::mailbox_id, &StoreFlags::uids,
                                                       &StoreFlags::action, &StoreFlags::flags,
                                                       &StoreFlags::keywords,
                                                       &StoreFlags::unchanged_since);
template <>
inline constexpr auto kFields<ExpungeMessages> = std::tuple(&ExpungeMessages::mailbox_id,
                                                            &ExpungeMessages::uids,
                                                            &ExpungeMessages::deleted_only);
template <>
inline constexpr auto kFields<CopyMessages> =
    std::tuple(&CopyMessages::mailbox_id, &CopyMessages::uids, &CopyMessages::target_id,
               &CopyMessages::move, &CopyMessages::flags_kept, &CopyMessages::keywords_kept);
template <>
inline constexpr auto kFields<AppendedMessage> =
    std::tuple(&AppendedMessage::blob, &AppendedMessage::body, &AppendedMessage::flags,
               &AppendedMessage::keywords, &AppendedMessage::internal_date_us,
               OmittedOctets{&AppendedMessage::summary, kSummaryMax},
               CutText{&AppendedMessage::message_id, kHeaderTextMax},
               CutText{&AppendedMessage::subject, kHeaderTextMax},
               CutText{&AppendedMessage::from, kHeaderTextMax});
template <>
inline constexpr auto kFields<AppendMessages> = std::tuple(&AppendMessages::mailbox_id,
                                                           &AppendMessages::messages,
                                                           &AppendMessages::replaced_mailbox_id,
                                                           &AppendMessages::replaced_uid);
template <>
inline constexpr auto kFields<CreateMailbox> = std::tuple(&CreateMailbox::account_id,
                                                          &CreateMailbox::name,
                                                          &CreateMailbox::special_use);
template <>
inline constexpr auto kFields<DeleteMailbox> = std::tuple(&DeleteMailbox::mailbox_id);
template <>
inline constexpr auto kFields<RenameMailbox> = std::tuple(&RenameMailbox::mailbox_id,
                                                          &RenameMailbox::account_id,
                                                          &RenameMailbox::name,
                                                          &RenameMailbox::new_name);
template <>
inline constexpr auto kFields<SubscribeMailbox> = std::tuple(&SubscribeMailbox::account_id,
                                                             &SubscribeMailbox::name,
                                                             &SubscribeMailbox::subscribed);
template <>
inline constexpr auto kFields<GetMetadata> = std::tuple(&GetMetadata::account_id,
                                                        &GetMetadata::mailbox_id,
                                                        &GetMetadata::entries, &GetMetadata::depth);
template <>
inline constexpr auto kFields<SetMetadata> = std::tuple(&SetMetadata::account_id,
                                                        &SetMetadata::mailbox_id,
                                                        &SetMetadata::entries);
template <>
inline constexpr auto kFields<GetAcl> = std::tuple(&GetAcl::mailbox_id);
template <>
inline constexpr auto kFields<SetAcl> = std::tuple(&SetAcl::mailbox_id, &SetAcl::identifier,
                                                   &SetAcl::action, &SetAcl::rights);
template <>
inline constexpr auto kFields<GetQuota> = std::tuple(&GetQuota::account_id);
template <>
inline constexpr auto kFields<MakeUrlKey> = std::tuple(&MakeUrlKey::account_id,
                                                       &MakeUrlKey::mailbox_id);
template <>
inline constexpr auto kFields<FindUrlKey> = std::tuple(&FindUrlKey::owner, &FindUrlKey::mailbox);
template <>
inline constexpr auto kFields<ResetUrlKeys> = std::tuple(&ResetUrlKeys::account_id,
                                                         &ResetUrlKeys::mailbox_id);

template <>
inline constexpr auto kFields<MailboxReply> = std::tuple(
    &MailboxReply::sequence, &MailboxReply::outcome, CutText{&MailboxReply::text, kReasonMax},
    &MailboxReply::mailbox_id, &MailboxReply::uid_validity, &MailboxReply::modseq,
    &MailboxReply::uids, &MailboxReply::source_uids, &MailboxReply::modified, &MailboxReply::values,
    &MailboxReply::numbers);
template <>
inline constexpr auto kFields<MailboxEvent> =
    std::tuple(&MailboxEvent::kind, &MailboxEvent::account_id, &MailboxEvent::mailbox_id,
               &MailboxEvent::number, CutText{&MailboxEvent::reason, kReasonMax});
template <>
inline constexpr auto kFields<SessionNote> =
    std::tuple(&SessionNote::number, &SessionNote::session_id, &SessionNote::account_id,
               CutText{&SessionNote::service, kReasonMax}, CutText{&SessionNote::user, kReasonMax},
               CutText{&SessionNote::client, kReasonMax}, CutText{&SessionNote::what, kReasonMax},
               &SessionNote::since_s, &SessionNote::tls);

// The values that there are of an enumeration: kFirst … kLast.
template <typename Enum>
inline constexpr Enum kFirst{};
template <>
inline constexpr auto kFirst<MailboxEvent::Kind> = MailboxEvent::Kind::changed;
template <typename Enum>
inline constexpr Enum kLast{};
template <>
inline constexpr auto kLast<FlagAction> = FlagAction::replace;
template <>
inline constexpr auto kLast<SpecialUse> = SpecialUse::trash;
template <>
inline constexpr auto kLast<MailboxOutcome> = MailboxOutcome::unknown;
template <>
inline constexpr auto kLast<MailboxEvent::Kind> = MailboxEvent::Kind::list_sessions;

// Whether a record means something; neither sent nor taken where it does not.
template <typename Record>
constexpr bool is_sound(const Record&) {
    return true;
}
constexpr bool is_sound(const UidRange& range) {
    return range.first != 0 && range.first <= range.last;
}
inline bool ascends(const UidSet& uids) {
    return std::adjacent_find(uids.begin(), uids.end(), [](const UidRange& a, const UidRange& b) {
               return a.last >= b.first;
           }) == uids.end();
}
constexpr bool is_sound(const LoadSummaries& request) {
    return request.first_uid <= request.last_uid;
}
inline bool is_sound(const FindExpunged& request) {
    return ascends(request.known);
}
inline bool is_sound(const StoreFlags& request) {
    return (request.flags & ~kAllFlags) == 0 && ascends(request.uids);
}
inline bool is_sound(const ExpungeMessages& request) {
    return ascends(request.uids);
}
inline bool is_sound(const CopyMessages& request) {
    return (request.flags_kept & ~kAllFlags) == 0 && ascends(request.uids);
}
constexpr bool is_sound(const AppendedMessage& message) {
    return (message.flags & ~kAllFlags) == 0;
}
constexpr bool is_sound(const SetAcl& request) {
    return (request.rights & ~kAllRights) == 0;
}

}  // namespace gatepost::storage
