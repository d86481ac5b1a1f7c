#include "crash_machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "dataplane/store/compactor.h"

namespace gatepost::dataplane {

namespace {

// Small, so that a few steps fill them.
constexpr uint64_t kSegment = 64 << 10;  // octets
constexpr size_t kInline = 6 << 10;
constexpr uint64_t kMemory = 768 << 10;

std::string random_octets(std::mt19937_64& random, size_t size) {
    std::string octets(size, '\0');
    for (size_t at = 0; at < size; at += sizeof(uint64_t)) {
        const uint64_t drawn = random();
        std::memcpy(octets.data() + at, &drawn, std::min(sizeof drawn, size - at));
    }
    return octets;
}

Bytes octets_of_text(const std::string& text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace

struct CrashMachine::Worker final : SpoolListener {
    Worker(CrashMachine& owner, LogNumbers& numbers, const MessageLogOptions& options)
        : machine(owner), store(owner.disk_, timers, numbers, *this, options) {}

    void on_spooled(const SpoolEntry& entry, const storage::Envelope*) override {
        to_deliver.push_back(entry);
    }

    CrashMachine& machine;
    TimerWheel timers;
    MessageLogStore store;
    std::deque<SpoolEntry> to_deliver;
    std::deque<Task<>> tasks;
    Task<> compaction;
};

CrashMachine::CrashMachine(uint64_t seed, const CrashPlan& plan, CrashFindings& findings)
    : plan_(plan), findings_(findings), disk_(seed) {
    disk_.capacity = plan.capacity;
}

CrashMachine::~CrashMachine() = default;

void CrashMachine::find(uint64_t CrashFindings::*counter, const storage::BlobId& id,
                        std::string what) {
    ++(findings_.*counter);
    if (findings_.first.empty()) findings_.first = fmt::format("{}: {}", id.text(), what);
}

void CrashMachine::run() {
    for (unsigned life = 0; life < plan_.generations; ++life) {
        live();
        disk_.crash();
        end();
        disk_.restart();
        recover();
    }
}

void CrashMachine::live() {
    disk_.lies_about_sync = plan_.lies_about_sync;
    disk_.failing_writes = 0;
    numbers_ = std::make_unique<LogNumbers>(next_number_, plan_.workers);
    for (unsigned i = 0; i < plan_.workers; ++i) {
        workers_.push_back(std::make_unique<Worker>(*this, *numbers_,
                                                    MessageLogOptions{.worker = i,
                                                                      .segment_octets = kSegment,
                                                                      .memory_max = kMemory,
                                                                      .reserve_octets = 0,
                                                                      .inline_max = kInline,
                                                                      .checkpoint_ms = 50}));
        workers_.back()->timers.advance(clock_ms_);
        workers_.back()->store.start();
    }
    // The scan is over a while after the start.
    const uint64_t adopted_at = draw(20);
    const uint64_t steps = 1 + draw(plan_.steps_max);
    const uint64_t fails_at = draw(steps);
    for (uint64_t step = 0; step < steps; ++step) {
        if (step == fails_at) disk_.failing_writes = plan_.failing_writes;
        if (step == adopted_at)
            for (unsigned i = 0; i < plan_.workers; ++i) {
                std::vector<storage::SpooledMessage> share;
                for (size_t at = i; at < spooled_.size(); at += plan_.workers)
                    share.push_back(spooled_[at]);
                workers_[i]->store.adopt(share);
            }
        Worker& worker = *workers_[draw(workers_.size())];
        std::erase_if(worker.tasks, [](const Task<>& task) { return task.is_done(); });
        if (worker.tasks.size() < plan_.sessions && draw(4) != 0) begin_message(worker);
        // A connection breaks off.
        if (!worker.tasks.empty() && draw(50) == 0)
            worker.tasks.erase(worker.tasks.begin() +
                               static_cast<ptrdiff_t>(draw(worker.tasks.size())));
        if (draw(40) == 0 && !workers_[0]->compaction) {
            workers_[0]->compaction = compact(*workers_[0]);
            workers_[0]->compaction.start();
        } else if (workers_[0]->compaction.is_done()) {
            workers_[0]->compaction.reset();
        }
        if (!worker.to_deliver.empty() && draw(2) == 0) {
            worker.tasks.push_back(deliver(worker, worker.to_deliver.front()));
            worker.to_deliver.pop_front();
            worker.tasks.back().start();
        }
        if (!disk_.step() || draw(8) == 0) {
            clock_ms_ += 20 + draw(100);
            for (const auto& each : workers_) each->timers.advance(clock_ms_);
        }
    }
}

// The memory of the machine.
void CrashMachine::end() {
    for (const auto& worker : workers_) {
        findings_.own_bodies += worker->store.counters().own_bodies;
        findings_.segments += worker->store.counters().segments;
        findings_.checkpoints += worker->store.counters().checkpoints;
        worker->tasks.clear();
        worker->compaction.reset();
    }
    workers_.clear();
}

void CrashMachine::begin_message(Worker& worker) {
    clock_ms_ += 1;
    Message message;
    const storage::BlobId id = names_.next(static_cast<int64_t>(clock_ms_));
    message.envelope.id = id;
    message.envelope.reverse_path = random_octets(disk_.random(), draw(40));
    for (uint64_t left = 1 + draw(3); left > 0; --left)
        message.envelope.recipients.push_back(
            {.address = random_octets(disk_.random(), 1 + draw(60)), .account_id = draw(100)});
    // Most are small; one in eight goes to a segment of its own.
    const size_t size = draw(8) == 0 ? draw(300 << 10) : draw(kInline);
    message.octets = random_octets(disk_.random(), size);
    messages_.emplace(id, std::move(message));
    worker.tasks.push_back(send(worker, id));
    worker.tasks.back().start();
}

Task<> CrashMachine::send(Worker& worker, storage::BlobId id) {
    const Message& message = messages_.at(id);
    const Bytes octets = octets_of_text(message.octets);
    const size_t prefix = std::min<size_t>(octets.size(), draw(600));
    std::unique_ptr<IncomingMessage> incoming = worker.store.begin();
    Bytes rest = octets.subspan(prefix);
    while (!rest.empty()) {
        const size_t piece = std::min<size_t>(rest.size(), 1 + draw(40 << 10));
        StoreStatus added = co_await incoming->add(rest.first(piece));
        if (added != StoreStatus::ok) break;
        rest = rest.subspan(piece);
    }
    StoreStatus status = co_await incoming->commit(octets.first(prefix), message.envelope);
    if (status != StoreStatus::ok) {
        ++findings_.refused;
        co_return;
    }
    Message& accepted = messages_.at(id);
    ++findings_.acknowledged;
    // It may have been delivered before the session came to its turn.
    if (accepted.state == State::begun) accepted.state = State::acknowledged;
    accepted.body = incoming->location();
}

Task<> CrashMachine::deliver(Worker& worker, SpoolEntry entry) {
    Message& message = messages_.at(entry.id);
    Result<storage::Envelope> envelope = co_await worker.store.read_envelope(entry);
    std::string octets(entry.body.size, '\0');
    int64_t got = co_await worker.store.read_body(
        entry.body, 0, {reinterpret_cast<uint8_t*>(octets.data()), octets.size()});
    if (!envelope || *envelope != message.envelope || got != static_cast<int64_t>(octets.size()) ||
        octets != message.octets)
        find(&CrashFindings::torn, entry.id, "read back differently");
    // Delivered twice is delivered once.
    if (message.state < State::delivered) {
        message.body = entry.body;
        message.state = State::delivered;
    }
    ++findings_.delivered;
    worker.store.done(entry);
    if (draw(2) == 0) message.state = State::expunged;
}

std::map<uint32_t, std::vector<storage::LiveBody>> CrashMachine::live_bodies() const {
    std::map<uint32_t, std::vector<storage::LiveBody>> live;
    for (const auto& [id, message] : messages_)
        if (message.state == State::delivered)
            live[message.body.segment].push_back({id, message.body.offset, message.body.size});
    return live;
}

Task<> CrashMachine::compact(Worker& worker) {
    const uint32_t floor = worker.store.durable_floor();
    auto live = live_bodies();
    std::vector<storage::SegmentLoad> loads;
    const auto files = disk_.list();
    for (const storage::SegmentFile& file : *files) {
        loads.push_back({file.name, file.size, 0});
        for (const auto& body : live[file.name.number]) loads.back().live += body.size;
        // An empty body needs no room, but a place.
        if (!live[file.name.number].empty()) loads.back().live += 1;
    }
    const auto plan = storage::plan_compaction(loads, {.floor = floor, .live_percent_max = 80});
    Compactor compactor(disk_, *numbers_, 0);
    for (const auto& name : plan.remove) {
        compactor.remove(name);
        ++findings_.removed;
    }
    std::vector<Compactor::Input> inputs;
    for (const uint32_t segment : plan.copy) inputs.push_back({segment, live[segment]});
    if (inputs.empty()) co_return;
    Result<std::vector<MovedBody>> moved = co_await compactor.copy(std::move(inputs), floor);
    if (!moved) co_return;
    ++findings_.compactions;
    for (const MovedBody& body : *moved) {
        Message& message = messages_.at(body.id);
        if (message.body == body.from) message.body = body.to;
    }
    for (const uint32_t segment : plan.copy) compactor.remove({segment, storage::SegmentKind::log});
}

std::string CrashMachine::octets_at(const storage::BodyLocation& body) {
    for (const auto kind : {storage::SegmentKind::log, storage::SegmentKind::own}) {
        const auto* octets = disk_.octets_of(storage::segment_file_name(body.segment, kind));
        if (octets == nullptr || octets->size() < body.offset + body.size) continue;
        return {octets->begin() + static_cast<ptrdiff_t>(body.offset),
                octets->begin() + static_cast<ptrdiff_t>(body.offset + body.size)};
    }
    return "";
}

void CrashMachine::check(const storage::SpooledMessage& found, const Message& message) {
    if (octets_at(found.body) != message.octets)
        find(&CrashFindings::torn, found.id, "its body differs");
    const auto* segment = disk_.octets_of(
        storage::segment_file_name(found.record_segment, storage::SegmentKind::log));
    const Bytes record = Bytes(*segment).subspan(found.record_offset);
    const auto read = storage::read_record(
        record, {found.record_segment, storage::record_salt(record)}, found.record_offset);
    const auto fields = read ? storage::decode_message(*read, found.record_segment)
                             : std::optional<storage::MessageRecord>();
    const auto envelope = fields ? storage::decode_envelope(fields->envelope)
                                 : Result<storage::Envelope>(storage::Envelope{});
    if (!envelope || *envelope != message.envelope)
        find(&CrashFindings::torn, found.id, "its envelope differs");
}

void CrashMachine::check_delivered() {
    for (const auto& [id, message] : messages_)
        if (message.state == State::delivered && octets_at(message.body) != message.octets)
            find(&CrashFindings::unreadable, id, "its body is gone");
}

void CrashMachine::recover() {
    auto scan = storage::scan_spool(disk_);
    if (!scan) return find(&CrashFindings::lost, {}, scan.error().message);
    std::set<storage::BlobId> found;
    for (const storage::SpooledMessage& spooled : scan->messages) {
        const auto known = messages_.find(spooled.id);
        if (known == messages_.end()) {
            find(&CrashFindings::unknown, spooled.id, "never begun");
            continue;
        }
        if (!found.insert(spooled.id).second)
            find(&CrashFindings::twice, spooled.id, "in the spool twice");
        check(spooled, known->second);
    }
    for (auto& [id, message] : messages_) {
        if (message.state == State::acknowledged && !found.contains(id)) {
            find(&CrashFindings::lost, id,
                 scan->findings.empty() ? "acknowledged, and lost" : scan->findings.front());
            message.state = State::delivered;  // once is enough
            message.octets.clear();
            message.body = {};
        }
    }
    for (const storage::SegmentName& name : scan->removable)
        disk_.remove_now(storage::segment_file_name(name.number, name.kind));
    for (const auto& tail : scan->tails)
        disk_.truncate_now(storage::segment_file_name(tail.name.number, tail.name.kind), tail.used);
    check_delivered();
    // Numbers of segments that nothing was ever kept in may come again.
    for (const auto& [id, message] : messages_)
        if (message.body.segment >= scan->next_number)
            find(&CrashFindings::unknown, id, "its segment's number would be used again");
    next_number_ = scan->next_number;
    spooled_ = scan->messages;
}

}  // namespace gatepost::dataplane
