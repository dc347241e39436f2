// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_BASE_FAIR_QUEUE_H_
#define SIGNET_BASE_FAIR_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/uuid.h"
#include "base/work_for.h"

namespace signet {

// How many may wait, at least one of each.
struct FairQueueLimits {
  size_t total;
  size_t of_one_tenant;
  size_t of_one_principal;
};

// Work that waits, served in turn: the tenants one after another, and of each
// tenant its principals; of one principal first come, first served. So whoever
// has the least waiting is served soonest, whatever others bring. Work for
// nobody in particular is one more tenant, to which only `total` applies.
//
// Where there is no room, one who has little waiting is not refused for one
// who has much: see Push().
//
// Both ends take the same time however much waits, but for a Push() to a full
// queue, which looks at all that wait; and allocate only where more waits than
// ever before. Not thread-safe.
template <typename T>
class FairQueue {
 public:
  explicit FairQueue(const FairQueueLimits& limits) : limits_(limits) {}

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Whether there was room for one more, `extra` times the limits on top of
  // them. If not, `work` is left alone.
  //
  // Where the queue or the tenant's part of it is full, and `pushed_out` is not
  // null, it gets the newest of the one who has most waiting, of all tenants or
  // of the tenant's principals, if that is more than who comes has with this
  // one. Never of nobody in particular.
  bool Push(const WorkFor& work_for, T& work,
            std::optional<T>* pushed_out = nullptr, double extra = 0) {
    const auto most = [extra](size_t limit) {
      return limit + static_cast<size_t>(static_cast<double>(limit) * extra);
    };
    const Index tenant = TenantOf(work_for.tenant_id);
    const Index lane = LaneOf(work_for);
    const bool bounded = work_for != WorkFor();
    const bool too_many =
        bounded && lanes_[lane].size >= most(limits_.of_one_principal);
    Index from = kNone;  // The lane that makes room.
    if (bounded && tenants_[tenant].size >= most(limits_.of_one_tenant)) {
      from = LargestLane(tenant, lanes_[lane].size + 2);
    } else if (size_ >= most(limits_.total)) {
      const Index largest = LargestTenant(tenants_[tenant].size + 2);
      from = largest != kNone ? LargestLane(largest, 0)
             : bounded        ? LargestLane(tenant, lanes_[lane].size + 2)
                              : kNone;
    } else if (!too_many) {
      Add(tenant, lane, work);
      return true;
    }
    if (too_many || from == kNone || pushed_out == nullptr) {
      Retire(tenant, lane);
      return false;
    }
    pushed_out->emplace(TakeNewest(from));
    Add(tenant, lane, work);
    return true;
  }

  // What is next in turn. Not for an empty queue.
  T Pop() {
    const Index tenant = turns_.TakeFirst(tenants_);
    const Index lane = tenants_[tenant].lanes.TakeFirst(lanes_);
    const Index item = lanes_[lane].items.TakeFirst(items_);
    T work = std::move(items_[item].work);
    items_.Return(item);
    --size_;
    // Behind the others, if there is more.
    if (--lanes_[lane].size > 0) tenants_[tenant].lanes.Append(lanes_, lane);
    if (--tenants_[tenant].size > 0) turns_.Append(tenants_, tenant);
    Retire(tenant, lane);
    return work;
  }

 private:
  using Index = uint32_t;
  static constexpr Index kNone = UINT32_MAX;

  void Add(Index tenant, Index lane, T& work) {
    const Index item = items_.Take();
    items_[item].work = std::move(work);
    if (lanes_[lane].size++ == 0) tenants_[tenant].lanes.Append(lanes_, lane);
    lanes_[lane].items.Append(items_, item);
    if (tenants_[tenant].size++ == 0) turns_.Append(tenants_, tenant);
    ++size_;
  }

  // Of those of whom something waits, the tenant that has most, and at least
  // `than`: of several the last in turn; kNone: there is none. Not nobody.
  Index LargestTenant(size_t than) {
    Index largest = kNone;
    for (Index i = turns_.first; i != kNone; i = tenants_[i].next) {
      if (tenants_[i].size < than || tenants_[i].id == Uuid()) continue;
      largest = i;
      than = tenants_[i].size;
    }
    return largest;
  }
  // Likewise, of a tenant's lanes.
  Index LargestLane(Index tenant, size_t than) {
    Index largest = kNone;
    for (Index i = tenants_[tenant].lanes.first; i != kNone;
         i = lanes_[i].next) {
      if (lanes_[i].size < than) continue;
      largest = i;
      than = lanes_[i].size;
    }
    return largest;
  }
  // Of a lane whose tenant has more than this one waiting.
  T TakeNewest(Index lane) {
    const Index tenant = TenantOf(lanes_[lane].work_for.tenant_id);
    const Index newest = lanes_[lane].items.last;
    lanes_[lane].items.Remove(items_, newest);
    T work = std::move(items_[newest].work);
    items_.Return(newest);
    --size_;
    --tenants_[tenant].size;
    if (--lanes_[lane].size == 0) tenants_[tenant].lanes.Remove(lanes_, lane);
    Retire(tenant, lane);
    return work;
  }

  // Elements that are used again, named by their places.
  template <typename Node>
  class Pool {
   public:
    Node& operator[](Index index) { return nodes_[index]; }
    Index Take() {
      if (free_.empty()) {
        nodes_.emplace_back();
        return static_cast<Index>(nodes_.size() - 1);
      }
      const Index index = free_.back();
      free_.pop_back();
      return index;
    }
    void Return(Index index) { free_.push_back(index); }

   private:
    std::deque<Node> nodes_;
    std::vector<Index> free_;
  };

  // Elements of a pool, in order.
  struct List {
    Index first = kNone;
    Index last = kNone;

    template <typename Node>
    void Append(Pool<Node>& pool, Index index) {
      pool[index].next = kNone;
      (first == kNone ? first : pool[last].next) = index;
      last = index;
    }
    template <typename Node>
    Index TakeFirst(Pool<Node>& pool) {
      const Index index = first;
      first = pool[index].next;
      return index;
    }
    // One that is in it; looks for it from the first on.
    template <typename Node>
    void Remove(Pool<Node>& pool, Index index) {
      Index before = kNone;
      for (Index i = first; i != index; i = pool[i].next) before = i;
      (before == kNone ? first : pool[before].next) = pool[index].next;
      if (last == index) last = before;
    }
  };

  struct Item {
    T work = {};
    Index next = kNone;
  };
  struct Lane {  // Of a principal.
    WorkFor work_for;
    List items;
    size_t size = 0;
    Index next = kNone;
  };
  struct Tenant {
    Uuid id;
    List lanes;
    size_t size = 0;
    Index next = kNone;
  };

  using LaneKey = std::pair<Uuid::Bytes, Uuid::Bytes>;
  static LaneKey KeyOf(const WorkFor& work_for) {
    return {work_for.tenant_id.bytes(), work_for.principal_id.bytes()};
  }

  Index TenantOf(const Uuid& id) {
    const auto [found, added] = tenants_by_id_.try_emplace(id.bytes(), kNone);
    if (added) {
      found->second = tenants_.Take();
      tenants_[found->second] = {.id = id, .lanes = {}};
    }
    return found->second;
  }
  Index LaneOf(const WorkFor& work_for) {
    const auto [found, added] =
        lanes_by_key_.try_emplace(KeyOf(work_for), kNone);
    if (added) {
      found->second = lanes_.Take();
      lanes_[found->second] = {.work_for = work_for, .items = {}};
    }
    return found->second;
  }
  // Forgets them where nothing of theirs waits.
  void Retire(Index tenant, Index lane) {
    if (lanes_[lane].size == 0) {
      lanes_by_key_.erase(KeyOf(lanes_[lane].work_for));
      lanes_.Return(lane);
    }
    if (tenants_[tenant].size == 0) {
      tenants_by_id_.erase(tenants_[tenant].id.bytes());
      tenants_.Return(tenant);
    }
  }

  const FairQueueLimits limits_;
  size_t size_ = 0;
  Pool<Item> items_;
  Pool<Lane> lanes_;
  Pool<Tenant> tenants_;
  List turns_;  // Tenants of whom something waits.
  absl::flat_hash_map<LaneKey, Index> lanes_by_key_;
  absl::flat_hash_map<Uuid::Bytes, Index> tenants_by_id_;
};

}  // namespace signet

#endif  // SIGNET_BASE_FAIR_QUEUE_H_
