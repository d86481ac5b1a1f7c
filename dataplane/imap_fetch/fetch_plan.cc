#include <algorithm>
#include <utility>

#include "dataplane/imap_fetch/fetch_writer.h"
#include "dataplane/imap_fetch/index_items.h"
#include "dataplane/imap_fetch/section_place.h"

namespace gatepost::dataplane {

FetchPlan::FetchPlan(std::vector<FetchItem> items, const FetchOptions& options)
    : items_(std::move(items)), options_(options) {}

bool FetchPlan::needs_body() const {
    return std::ranges::any_of(items_,
                               [](const FetchItem& item) { return is_body_item(item.kind); });
}

bool FetchPlan::needs_summary() const {
    return std::ranges::any_of(items_, [](const FetchItem& item) {
        return is_body_item(item.kind) ? section_needs_summary(item) : is_summary_item(item);
    });
}

// RFC 9051 §6.4.5: BODY[…], BINARY[…], RFC822 and RFC822.TEXT do.
bool FetchPlan::sets_seen() const {
    return std::ranges::any_of(items_, [](const FetchItem& item) {
        return !item.peek && is_body_item(item.kind) && item.kind != FetchItem::Kind::binary_size &&
               item.kind != FetchItem::Kind::rfc822_header;
    });
}

bool FetchPlan::has(FetchItem::Kind kind) const {
    return std::ranges::any_of(items_, [kind](const FetchItem& item) { return item.kind == kind; });
}

}  // namespace gatepost::dataplane
