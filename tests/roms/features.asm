; CPUID, and that each feature it reports is there and each that it does not is #UD: SDM 2A CPUID, 1 chapters 9 to 11,
; 3A 2.5 (table 2-2), 9.2, 9.6. CR4 bits: control.asm.
%include "lib/rom.inc"

; ================ CPUID ================

%macro CPUID_RUNS 2
CHECK cpuid.runs_in_%1_at_cpl_%2, "SDM 2A CPUID"
    IN %1, %2
    NEEDS CPUID
    SET eax, 0
CODE
    cpuid
EXPECT END
WANT_BITS eax, 0                    ; the highest leaf
WANT ebx, "Genu"
WANT edx, "ineI"
WANT ecx, "ntel"

CHECK cpuid.lock_is_ud_in_%1_at_cpl_%2, "SDM 2A CPUID"
    IN %1, %2
    NEEDS CPUID
CODE
    db 0xf0
    cpuid
EXPECT UD

CHECK cpuid.without_it_is_ud_in_%1_at_cpl_%2, "SDM 2A CPUID"
    IN %1, %2
    WITHOUT CPUID
CODE
    cpuid
EXPECT UD
%endmacro
%assign cpl 0
%rep 4
    CPUID_RUNS PM32, %[cpl]
    %assign cpl cpl + 1
%endrep
CPUID_RUNS PM16, 3
CPUID_RUNS V86, 3
CPUID_RUNS REAL, 0

; The ID flag tells whether there is CPUID, in every ring.
%macro ID_FLAG 1
CHECK cpuid.id_flag_changes_at_cpl_%1, "SDM 1 3.4.3, 2A CPUID"
    IN PM32, %1
    NEEDS CPUID
    PUSHED dword, STACK%1_TOP, START_FLAGS | ID
CODE
    popfd
EXPECT END
WANT esp, STACK%1_TOP
WANT eflags, START_FLAGS | ID
%endmacro
STACK0_TOP      equ STACK0_CHECK
STACK3_TOP      equ STACK3
ID_FLAG 0
ID_FLAG 3

; SDM 2A CPUID: a value above the maximum for basic or extended leaves returns the data of the highest basic leaf.
; The base of the set-up's EBX, ECX, EDX are compared with the check's, EAX alike.
%macro CPUID_BEYOND 2
CHECK cpuid.%1_gives_the_highest_basic_leaf, "SDM 2A CPUID"
    NEEDS CPUID
    xor eax, eax
    cpuid
    xor ecx, ecx
    cpuid
    mov [before + S_esi], eax
    mov [before + S_edi], ebx
    mov [before + S_ebp], ecx
    mov [FRAME_A], edx
    xor eax, eax
    cpuid
    mov edx, eax
    %2
    mov [before + S_eax], eax
    SET ecx, 0
CODE
    cpuid
EXPECT END
mov eax, [before + S_esi]
mov [want + S_eax], eax
mov eax, [before + S_edi]
mov [want + S_ebx], eax
mov eax, [before + S_ebp]
mov [want + S_ecx], eax
mov eax, [FRAME_A]
mov [want + S_edx], eax
%endmacro
CPUID_BEYOND the_leaf_after_the_last, {lea eax, [edx + 1]}
CPUID_BEYOND leaf_00001000, {mov eax, 0x1000}
CPUID_BEYOND leaf_7fffffff, {mov eax, 0x7fffffff}
CPUID_BEYOND leaf_ffffffff, {mov eax, 0xffffffff}

CHECK cpuid.leaf_1_ignores_ecx, "SDM 2A CPUID"
    NEEDS CPUID
    mov eax, 1
    xor ecx, ecx
    cpuid
    mov [before + S_esi], edx
    mov [before + S_edi], eax
    SET eax, 1
    SET ecx, 0x77777777
CODE
    cpuid
    sub edx, esi
    sub eax, edi
EXPECT END
WANT edx, 0
WANT eax, 0
WANT_BITS ebx, 0
WANT_BITS ecx, 0
WANT eflags, 2 | ZF | PF

CHECK cpuid.reserved_signature_bits_are_0, "SDM 2A CPUID"
    NEEDS CPUID
    SET eax, 1
CODE
    cpuid
    and eax, 0xf000c000
EXPECT END
WANT eax, 0
WANT_BITS ebx, 0
WANT_BITS ecx, 0
WANT_BITS edx, 0
WANT eflags, 2 | ZF | PF
WANT_BITS eflags, ~(RF | AF)

CHECK cpuid.reserved_feature_bits_are_0, "SDM 2A CPUID"
    NEEDS CPUID
    SET eax, 1
CODE
    cpuid
    and edx, 1 << 10 | 1 << 20
EXPECT END
WANT edx, 0
WANT_BITS eax, 0
WANT_BITS ebx, 0
WANT_BITS ecx, 0
WANT eflags, 2 | ZF | PF
WANT_BITS eflags, ~(RF | AF)

; ================ features and their instructions ================

; %2 is the feature, %3 the instruction, which leaves everything as it was
%macro FEATURE_IN 5
CHECK feature.%1_with_it_in_%4_at_cpl_%5, "SDM 2A CPUID"
    IN %4, %5
    NEEDS %2
    SET_CR4 %3
    SET edi, 0
    SET ecx, 0
CODE
    INSTRUCTION
EXPECT END

CHECK feature.%1_without_it_is_ud_in_%4_at_cpl_%5, "SDM 2A CPUID"
    IN %4, %5
    WITHOUT %2
    SET edi, 0
    SET ecx, 0
CODE
    INSTRUCTION
EXPECT UD
%endmacro
%macro FEATURE 3  ; name, feature, CR4 bits it needs
    FEATURE_IN %1, %2, %3, PM32, 3
    FEATURE_IN %1, %2, %3, PM32, 0
    FEATURE_IN %1, %2, %3, REAL, 0
    FEATURE_IN %1, %2, %3, V86, 3
%endmacro
%define INSTRUCTION cmovc ecx, ecx
FEATURE cmov, CMOV, 0
%define INSTRUCTION emms
FEATURE emms, MMX, 0
%define INSTRUCTION pxor mm0, mm0
FEATURE pxor, MMX, 0
%define INSTRUCTION xorps xmm0, xmm0
FEATURE xorps, SSE, CR4_OSFXSR
%define INSTRUCTION xorpd xmm0, xmm0
FEATURE xorpd, SSE2, CR4_OSFXSR
%define INSTRUCTION sfence
FEATURE sfence, SSE, 0
%define INSTRUCTION lfence
FEATURE lfence, SSE2, 0
%define INSTRUCTION mfence
FEATURE mfence, SSE2, 0
%define INSTRUCTION bswap ecx
FEATURE bswap, I486, 0

CHECK feature.cmpxchg8b_with_it, "SDM 2A CMPXCHG8B"
    NEEDS CX8
    SET eax, 0
    SET edx, 0
    SET ecx, 0x11111111
    SET ebx, 0x22222222
CODE
    cmpxchg8b [DATA]
EXPECT END
WANT_MEMORY dword, DATA, 0x22222222
WANT_MEMORY dword, DATA + 4, 0x11111111
WANT_FLAGS ZF, 0

CHECK feature.cmpxchg8b_without_it_is_ud, "SDM 2A CPUID"
    WITHOUT CX8
CODE
    cmpxchg8b [DATA]
EXPECT UD

CHECK feature.cmpxchg8b_of_a_register_is_ud, "SDM 2A CMPXCHG8B"
CODE
    db 0x0f, 0xc7, 0xc9
EXPECT UD

CHECK feature.cmpxchg_without_it_is_ud, "SDM 2A CMPXCHG"
    WITHOUT I486
CODE
    cmpxchg ecx, ecx
EXPECT UD

CHECK feature.fxsave_without_it_is_ud, "SDM 2A FXSAVE"
    WITHOUT FXSR
CODE
    fxsave [DATA]
EXPECT UD

CHECK feature.fxsave_and_fxrstor_with_it, "SDM 2A FXSAVE"
    NEEDS FXSR
    SET_CR4 CR4_OSFXSR
CODE
    fxsave [FRAME_A]
    fxrstor [FRAME_A]
EXPECT END

CHECK feature.fxsave_unaligned_is_gp, "SDM 2A FXSAVE"
    NEEDS FXSR
    SET_CR4 CR4_OSFXSR
CODE
    fxsave [FRAME_A + 8]
EXPECT GP, 0

CHECK feature.sysenter_of_the_first_pentium_pros_is_ud, "SDM 2B SYSENTER"
    NEEDS SEP_TRAP
CODE
    sysenter
EXPECT UD

CHECK feature.monitor_at_cpl_3_is_ud, "SDM 2A MONITOR"
    SET eax, DATA
    SET ecx, 0
    SET edx, 0
CODE
    monitor
EXPECT UD

CHECK feature.monitor_at_cpl_0, "SDM 2A MONITOR"
    IN PM32, 0
    NEEDS MONITOR
    SET eax, DATA
    SET ecx, 0
    SET edx, 0
CODE
    monitor
EXPECT END

CHECK feature.monitor_with_extensions_is_gp, "SDM 2A MONITOR"
    IN PM32, 0
    NEEDS MONITOR
    SET eax, DATA
    SET ecx, 2
CODE
    monitor
EXPECT GP, 0

CHECK feature.monitor_without_it_is_ud, "SDM 2A MONITOR"
    IN PM32, 0
    WITHOUT MONITOR
    SET eax, DATA
CODE
    monitor
EXPECT UD

; ---- opcodes that no 32-bit processor of Intel's has (SDM 2B appendix A; UD) ----
%macro NO_OPCODE 2+
CHECK feature.opcode_%1_is_ud_at_cpl_3, "SDM 2B appendix A"
CODE
    db %2
EXPECT UD

CHECK feature.opcode_%1_is_ud_at_cpl_0, "SDM 2B appendix A"
    IN PM32, 0
CODE
    db %2
EXPECT UD

CHECK feature.opcode_%1_is_ud_in_v86, "SDM 2B appendix A"
    IN V86
CODE
    db %2
EXPECT UD

CHECK feature.opcode_%1_is_ud_in_real_mode, "SDM 2B appendix A"
    IN REAL
CODE
    db %2
EXPECT UD
%endmacro
NO_OPCODE ud1, 0x0f, 0xb9, 0xc0
NO_OPCODE ud2, 0x0f, 0x0b
NO_OPCODE syscall, 0x0f, 0x05
NO_OPCODE sysret, 0x0f, 0x07
NO_OPCODE swapgs, 0x0f, 0x01, 0xf8
NO_OPCODE rdtscp, 0x0f, 0x01, 0xf9
NO_OPCODE 0f_04, 0x0f, 0x04, 0xc0
NO_OPCODE 0f_0a, 0x0f, 0x0a, 0xc0
NO_OPCODE 0f_0c, 0x0f, 0x0c, 0xc0
NO_OPCODE 0f_24, 0x0f, 0x24, 0xc0
NO_OPCODE 0f_26, 0x0f, 0x26, 0xc0
NO_OPCODE 0f_36, 0x0f, 0x36, 0xc0
NO_OPCODE 0f_ba_0, 0x0f, 0xba, 0xc0, 0
NO_OPCODE 0f_ba_3, 0x0f, 0xba, 0xd8, 0
NO_OPCODE fe_2, 0xfe, 0xd0
NO_OPCODE fe_7, 0xfe, 0xf8
NO_OPCODE ff_7, 0xff, 0xf8
NO_OPCODE 8f_1, 0x8f, 0xc8
NO_OPCODE c6_1, 0xc6, 0xc8, 0
NO_OPCODE lea_of_a_register, 0x8d, 0xc0
NO_OPCODE les_of_a_register, 0xc4, 0xc0
NO_OPCODE bound_of_a_register, 0x62, 0xc0
NO_OPCODE call_far_of_a_register, 0xff, 0xd8
NO_OPCODE jmp_far_of_a_register, 0xff, 0xe8
NO_OPCODE lss_of_a_register, 0x0f, 0xb2, 0xc0
NO_OPCODE mov_to_cs, 0x8e, 0xc8
NO_OPCODE mov_to_sreg_6, 0x8e, 0xf0
NO_OPCODE mov_to_sreg_7, 0x8e, 0xf8
NO_OPCODE mov_from_sreg_6, 0x8c, 0xf0
NO_OPCODE mov_from_sreg_7, 0x8c, 0xf8
NO_OPCODE lock_nop, 0xf0, 0x90
NO_OPCODE lock_mov, 0xf0, 0x8b, 0xc0
NO_OPCODE lock_add_of_registers, 0xf0, 0x01, 0xc0
NO_OPCODE lock_cmp_of_memory, 0xf0, 0x38, 0x05

; An instruction of 15 bytes runs, one of 16 is #GP(0) (SDM 2A 2.3.11), whatever the last bytes say.
CHECK feature.instruction_of_15_bytes, "SDM 2A 2.3.11"
CODE
    times 14 db 0x3e
    nop
EXPECT END

CHECK feature.instruction_of_16_bytes_is_gp, "SDM 2A 2.3.11"
CODE
    times 15 db 0x3e
    nop
EXPECT GP, 0

CHECK feature.instruction_of_16_bytes_is_gp_in_real_mode, "SDM 2A 2.3.11"
    IN REAL
CODE
    times 15 db 0x3e
    nop
EXPECT GP

; ================ CR0.EM, MP, TS (SDM 3A 2.5, table 2-2; 3A 11.1, 12.1 for MMX and SSE) ================

%macro FPU_BITS 6  ; name, feature, CR4, EM, MP, TS
CHECK feature.%1_with_em_%4_mp_%5_ts_%6, "SDM 3A 2.5 table 2-2"
    NEEDS %2
    SET_CR4 %3
    SET_CR0 CR0_EM * %4 | CR0_MP * %5 | CR0_TS * %6
CODE
    INSTRUCTION
    %ifidni %2, FPU
        %ifidni %1, wait
            %if %5 && %6
EXPECT NM
            %else
EXPECT END
            %endif
        %elif %4 || %6
EXPECT NM
        %else
EXPECT END
        %endif
    %elif %4
EXPECT UD
    %elif %6
EXPECT NM
    %else
EXPECT END
    %endif
%endmacro
%macro FPU_BITS_ALL 3
    %assign em 0
    %rep 2
        %assign mp 0
        %rep 2
            FPU_BITS %1, %2, %3, %[em], %[mp], 0
            FPU_BITS %1, %2, %3, %[em], %[mp], 1
            %assign mp mp + 1
        %endrep
        %assign em em + 1
    %endrep
%endmacro
%define INSTRUCTION fnop
FPU_BITS_ALL x87, FPU, 0
%define INSTRUCTION wait
FPU_BITS_ALL wait, FPU, 0
%define INSTRUCTION emms
FPU_BITS_ALL mmx, MMX, 0
%define INSTRUCTION xorps xmm0, xmm0
FPU_BITS_ALL sse, SSE, CR4_OSFXSR

CHECK feature.sse_without_osfxsr_is_ud, "SDM 3A 12.1"
    NEEDS SSE
CODE
    xorps xmm0, xmm0
EXPECT UD

CHECK feature.sse_without_osfxsr_is_ud_before_nm, "SDM 3A 12.1"
    NEEDS SSE
    SET_CR0 CR0_TS
CODE
    xorps xmm0, xmm0
EXPECT UD

CHECK feature.sse_in_aligned_form_of_unaligned_memory_is_gp, "SDM 1 10.4.1"
    NEEDS SSE
    SET_CR4 CR4_OSFXSR
CODE
    movaps xmm0, [DATA + 4]
EXPECT GP, 0

END_OF_CHECKS
