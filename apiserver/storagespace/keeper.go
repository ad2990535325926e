// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package storagespace

import (
	"context"
	"net/http"
	"sync"
	"time"

	"k8s.io/klog/v2"
)

// interval is how often the room is looked at when little is written, as when others fill the volume.
const interval = 5 * time.Second

// Keeper watches the room of one member and makes more of it.
type Keeper struct {
	member *Member
	poked  chan struct{}

	// mu guards what requests and checks read.
	mu      sync.Mutex
	verdict Verdict
	quota   int64

	history history
	// past is the revision of the last look.
	past int64
	told string
}

// NewKeeper returns a keeper of the member.
func NewKeeper(member *Member) *Keeper { return &Keeper{member: member, poked: make(chan struct{}, 1)} }

// Verdict returns the last one.
func (k *Keeper) Verdict() Verdict {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.verdict
}

// Name is that of the health check.
func (k *Keeper) Name() string { return "storage-space" }

// Check fails while an administrator should do something. It is no reason to send requests elsewhere:
// reads and deletions are served.
func (k *Keeper) Check(*http.Request) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.verdict.problem(k.quota)
}

// Poke has the keeper look at once.
func (k *Keeper) Poke() {
	select {
	case k.poked <- struct{}{}:
	default:
	}
}

// Run looks until ctx ends.
func (k *Keeper) Run(ctx context.Context) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		k.look(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-k.poked:
			// Many writes may be refused at once.
			ticker.Reset(interval)
		}
	}
}

func (k *Keeper) look(ctx context.Context) {
	logger := klog.FromContext(ctx)
	s, err := k.member.observe(ctx)
	if err != nil {
		k.tell(ctx, err)
		return
	}
	s.Past, k.past = k.past, s.revision
	v := k.judge(s)
	a := decide(s.Observation, v, k.history)
	if a.cramped {
		logger.Info("The database would shrink, but the volume has no room to rewrite it", "sizeMiB", s.Size/mib, "inUseMiB", s.InUse/mib, "volumeFreeMiB", s.VolumeFree/mib)
		k.history.defragmented = s.At
	}
	err = k.act(ctx, s, a)
	k.tell(ctx, err)
	if (a.compact || a.defragment || a.raise || a.disarm) && err == nil {
		if s, err = k.member.observe(ctx); err == nil {
			k.judge(s)
		}
		// One step makes the next possible: compaction frees pages, which defragmentation gives back.
		k.Poke()
	}
}

// judge makes the verdict of what was seen the present one.
func (k *Keeper) judge(s *status) Verdict {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.verdict, k.quota = assess(s.Observation, k.verdict), s.Quota
	level.Set(float64(k.verdict.Level))
	volumeFree.Set(float64(s.VolumeFree))
	return k.verdict
}

func (k *Keeper) act(ctx context.Context, s *status, a actions) error {
	logger := klog.FromContext(ctx)
	if a.raise {
		if err := k.member.raise(ctx, s.id); err != nil {
			return err
		}
		logger.Error(nil, "The volume is nearly full: refusing writes before etcd exits for want of space", "dataDir", k.member.dataDir, "volumeFreeMiB", s.VolumeFree/mib)
	}
	if a.compact {
		if err := k.member.compact(ctx, s.Past); err != nil {
			return err
		}
		k.history.compacted, k.history.compactedTo = s.At, s.Past
		logger.Info("Gave up history of the database to make room", "before", s.Past)
	}
	if a.defragment {
		if err := k.defragment(ctx, s); err != nil {
			return err
		}
	}
	if a.disarm {
		if err := k.member.disarm(ctx, s.id); err != nil {
			return err
		}
		logger.Info("There is room again: writes are taken")
	}
	return nil
}

func (k *Keeper) defragment(ctx context.Context, s *status) error {
	logger := klog.FromContext(ctx)
	release, ok, err := k.member.turn(ctx)
	if err != nil {
		return err
	}
	if !ok {
		logger.V(2).Info("Another member is defragmented; trying later")
		return nil
	}
	defer release()
	begin := time.Now()
	err = k.member.defragment(ctx, s)
	k.history.defragmented, k.history.took = time.Now(), time.Since(begin)
	defragmentations.WithLabelValues(result(err)).Inc()
	if err != nil {
		return err
	}
	defragmentSeconds.Observe(time.Since(begin).Seconds())
	logger.Info("Defragmented the database", "sizeMiB", s.Size/mib, "inUseMiB", s.InUse/mib, "took", time.Since(begin))
	return nil
}

// tell logs what is wrong once.
func (k *Keeper) tell(ctx context.Context, err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != "" && text != k.told && ctx.Err() == nil {
		klog.FromContext(ctx).Error(err, "Cannot look after the room of the database; trying again", "every", interval)
	}
	k.told = text
}
